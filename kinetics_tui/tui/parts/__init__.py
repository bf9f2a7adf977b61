"""Parts that several screens share: lines, panels, controls, dialogs, help."""
