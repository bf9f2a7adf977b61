"""What several screens share: lines, panels, controls, dialogs, help."""
