"""A child on a machine where the extra for HEIC is not installed."""

import sys

sys.modules["pillow_heif"] = None

if __name__ == "__main__":
    from workers.images import child

    child.main()
