"""A client's pages: what it came to in any days, against any others, of all of it or of a part; told as in its reports."""
