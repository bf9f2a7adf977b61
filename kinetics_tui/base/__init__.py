"""What every floor may use: errors, words, safe text, whole files, programs. Imports nothing of ours."""
