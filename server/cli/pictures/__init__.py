"""The demo's own pictures, painted with Pillow; the same seed paints the same picture."""
