"""How every client's accounts stand, in one public table: whoever runs the service looks over all of them without entering each schema."""
