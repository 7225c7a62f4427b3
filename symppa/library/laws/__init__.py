"""Laws: small models of one equation or a few, each with its source."""
