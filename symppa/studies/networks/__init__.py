"""Studies of networks on devices."""
