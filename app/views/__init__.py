"""The pages, one file each: a sentence that says what to try, the controls, the pictures."""
