"""Descriptions: YAML files and typed objects, in both directions."""
