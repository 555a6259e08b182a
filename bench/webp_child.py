"""The worker's image child, making WebP alone: its JPEGs are three bytes that say so."""

from PIL import Image

from workers.images import child, ladder


def _no_jpeg(image: Image.Image) -> bytes:
    del image
    return b"\xff\xd8\xff"


if __name__ == "__main__":
    ladder.jpeg = _no_jpeg
    child.main()
