"""What an answer looks like: terminal, Markdown, CSV, HTML, LaTeX, figures."""
