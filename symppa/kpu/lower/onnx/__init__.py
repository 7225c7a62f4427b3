"""Operators of ONNX, as its versions have them."""
