"""How much accuracy quantization costs: networks trained on data that need no download, before and after."""
