"""What the kernel says in /proc: one module per file family, pure parsers.

A parser takes the bytes of a file and gives rows of a table of
`mlps.evidence.kernel_tables`. A key this kernel lacks is ABSENT, never zero;
bytes that are not what the kernel writes are a ValueError that names the file.
"""
