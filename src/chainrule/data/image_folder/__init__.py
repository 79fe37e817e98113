"""Images of a folder: decoding, the labelled images, the folders of the classes."""

from chainrule.data.image_folder.folder import images
from chainrule.data.image_folder.images import Images

__all__ = ["Images", "images"]
