"""From the operators of torch and ONNX to those of the KPU: a table with one row for each of theirs."""
