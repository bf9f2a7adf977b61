"""The published data: releases, annotation files, and the selection made from them."""
