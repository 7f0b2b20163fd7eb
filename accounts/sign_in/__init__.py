"""How people show who they are: allauth, in our words, under the brand of the host, with what an agency may require."""
