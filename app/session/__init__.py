"""What a visit is made of: what is chosen, the address that says so, what is hidden, what the browser keeps."""
