"""What the modules of figures share: style, places of text, marks, panels, points."""
