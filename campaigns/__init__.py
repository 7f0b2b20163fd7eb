"""What happened: the facts that platforms and files report, as they reported them."""
