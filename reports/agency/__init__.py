"""What an agency's people work with: who of their clients needs them, how all of them do, new ones, and how far each is set up.

Nothing here enters many schemas: of each client it reads what is kept of it where all are.
"""
