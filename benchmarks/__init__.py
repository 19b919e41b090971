"""How fast is it, beside what others do and what is possible? `python -m benchmarks` measures and writes it down."""
