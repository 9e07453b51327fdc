"""What a vendor declares of a gateway (the ICS)."""
