"""Who may see what: agencies, client companies, people, and the wall between them."""
