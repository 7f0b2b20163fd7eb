"""The demonstration: an invented agency and client, fed by loopback simulators, through the product's own doors."""
