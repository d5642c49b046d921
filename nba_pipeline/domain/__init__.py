"""What is true about the NBA: values in, values out, no files, no clock, no randomness."""
