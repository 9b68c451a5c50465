"""What is shown of a run: tables, figures and a page, as pure functions of its frames."""
