"""From the id of a video to the addresses of its media, through yt-dlp."""
