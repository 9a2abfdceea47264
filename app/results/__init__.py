"""What explorers compute for the pages, each result kept until its model or its images change."""
