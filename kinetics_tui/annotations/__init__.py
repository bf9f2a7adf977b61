"""What was published: releases, annotation files, and the selection made from them."""
