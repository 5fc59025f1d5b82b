"""Updating XMP packets to match the restored photo.

Packets are untrusted: those with a document type declaration, which XMP never
has, are not parsed, so that no entities are expanded.

References:
    XMP specification, part 1 (ISO 16684-1); part 3 for extended XMP in JPEG.
"""

from xml.dom import Node, minidom
from xml.parsers.expat import ExpatError

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMP_NOTE = "http://ns.adobe.com/xmp/note/"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_CAMERA = "http://ns.google.com/photos/1.0/camera/"
_WIDTHS = ((_EXIF, "PixelXDimension"), (_TIFF, "ImageWidth"))
_HEIGHTS = ((_EXIF, "PixelYDimension"), (_TIFF, "ImageLength"))
_LARGEST = 1 << 23
_MOST_TAGS = 50_000
# Namespaces that refer to a gain map, video or depth map appended to the image
# in the same file.
_APPENDED = (
    "http://ns.adobe.com/hdr-gain-map/1.0/",
    "http://ns.apple.com/HDRGainMap/1.0/",
    "http://ns.google.com/photos/1.0/container/",
    "http://ns.google.com/photos/1.0/container/item/",
    "http://ns.google.com/photos/dd/1.0/device/",
)


def clean(packet):
    """Updates XMP of a photo that is upright and has lost appended data.

    Args:
        packet: XMP as bytes.

    Returns:
        The packet, byte for byte the same if nothing had to change, and
        whether it referred to a gain map, video or depth map.
    """
    document = _parse(packet)
    if document is None:
        return packet, False
    announced = changed = False
    for holder, node in list(_properties(document)):
        space, name = node.namespaceURI, node.localName
        if space in _APPENDED or (
            space == _CAMERA and name.startswith(("Motion", "MicroVideo"))
        ):
            announced = True
        elif (space, name) == (_TIFF, "Orientation"):
            changed |= _set(node, "1")
            continue
        elif (space, name) != ("http://ns.adobe.com/xap/1.0/", "Thumbnails"):
            continue
        _remove(holder, node)
        changed = True
    return (_bytes(document) if changed else packet), announced


def fit(packet, width, height):
    """Updates the image size in a packet where it is present."""
    document = _parse(packet)
    changed = False
    for _, node in _properties(document) if document else ():
        for names, pixels in ((_WIDTHS, width), (_HEIGHTS, height)):
            if (node.namespaceURI, node.localName) in names:
                changed |= _set(node, str(pixels))
    return _bytes(document) if changed else packet


def join(packet, extension):
    """Joins the main and the extended XMP packet of a JPEG."""
    document, more = _parse(packet), _parse(extension)
    if document is None or more is None:
        return packet
    for holder, node in list(_properties(document)):
        if (node.namespaceURI, node.localName) == (
            XMP_NOTE,
            "HasExtendedXMP",
        ):
            _remove(holder, node)
    target, source = (_rdf(item) for item in (document, more))
    if target is None or source is None:
        return packet
    for node in _elements(source):
        target.appendChild(_adopt(document, node, deep=True))
    for node in _elements(target):
        properties = [
            name for name, _ in node.attributes.items() if _is_property(name)
        ]
        if not properties and not _elements(node):
            target.removeChild(node)
    return _bytes(document)


def split(packet, limit, digest):
    """Splits a packet that is too large for one JPEG segment.

    Args:
        packet: XMP as bytes.
        limit: maximum size of the first packet in bytes.
        digest: function that computes the ID of the second packet from its
            bytes.

    Returns:
        The first packet, which refers to the second, and the second; `None`
        if it cannot be split.
    """
    document = _parse(packet)
    rdf = document and _rdf(document)
    if not rdf:
        return None
    extension = minidom.parseString(
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"/>'
        "</x:xmpmeta>"
    )
    moved = _rdf(extension)
    parts = [
        (holder, node)
        for holder in _elements(rdf)
        for node in (*holder.attributes.values(), *_elements(holder))
        if _is_property(node.nodeName)
    ]
    parts.sort(key=lambda part: len(_text(part[1])))
    left, shells = limit - 512, {}
    while len(_bytes(document)) > left and parts:
        holder, node = parts.pop()
        if holder not in shells:
            shells[holder] = shell = _adopt(extension, holder, deep=False)
            for name in filter(_is_property, list(shell.attributes.keys())):
                shell.removeAttribute(name)
            moved.appendChild(shell)
        if node.nodeType == Node.ATTRIBUTE_NODE:
            shells[holder].setAttribute(node.nodeName, node.value)
        else:
            copy = extension.importNode(node, deep=True)
            shells[holder].appendChild(copy)
        _remove(holder, node)
    if len(_bytes(document)) > left or not moved.childNodes:
        return None
    second = _bytes(extension)
    note = document.createElementNS(RDF, "rdf:Description")
    note.setAttribute("xmlns:rdf", RDF)
    note.setAttribute("xmlns:xmpNote", XMP_NOTE)
    note.setAttribute("rdf:about", "")
    note.setAttribute("xmpNote:HasExtendedXMP", digest(second))
    rdf.appendChild(note)
    return _bytes(document), second


def _parse(packet):
    packet = packet.strip(b"\0")
    if b"\0" in packet[:64]:  # XMP may be UTF-16
        packet = packet.decode("utf-16", "replace").encode()
    if (
        len(packet) > _LARGEST
        or packet.count(b"<") > _MOST_TAGS
        or packet.count(b"<!") > packet.count(b"<!--")
    ):
        return None
    try:
        document = minidom.parseString(packet)
    except (ExpatError, ValueError, LookupError, AttributeError):
        return None
    level = document.childNodes
    for _ in range(64):
        level = [child for node in level for child in node.childNodes]
    # minidom is recursive, so reject deep nesting.
    return None if level else document


def _bytes(document):
    # Node by node: `toxml` of the document would add an XML declaration,
    # which is not allowed in a packet.
    return "\n".join(node.toxml() for node in document.childNodes).encode()


def _rdf(document):
    found = document.getElementsByTagNameNS(RDF, "RDF")
    return found[0] if found else None


def _properties(document):
    """Pairs of a description element and a property, which is an attribute or
    a child element."""
    for holder in document.getElementsByTagNameNS(RDF, "Description"):
        for node in (*holder.attributes.values(), *holder.childNodes):
            if node.namespaceURI and node.localName:
                yield holder, node


def _remove(holder, node):
    if node.nodeType == Node.ATTRIBUTE_NODE:
        holder.removeAttributeNode(node)
    else:
        holder.removeChild(node)


def _text(node):
    attribute = node.nodeType == Node.ATTRIBUTE_NODE
    return node.value if attribute else node.toxml()


def _set(node, text):
    """Sets a property's text and returns whether it changed."""
    if node.nodeType == Node.ATTRIBUTE_NODE:
        before, node.value = node.value, text
        return before != text
    before = "".join(n.data for n in node.childNodes if hasattr(n, "data"))
    for child in list(node.childNodes):
        node.removeChild(child)
    node.appendChild(node.ownerDocument.createTextNode(text))
    return before != text


def _elements(node):
    return [n for n in node.childNodes if n.nodeType == Node.ELEMENT_NODE]


def _is_property(name):
    """Whether an attribute of a description is a property."""
    return not name.startswith("xmlns") and name != "rdf:about"


def _adopt(document, node, deep):
    """A copy for another document, with inherited namespace prefixes."""
    copy = document.importNode(node, deep)
    above = node.parentNode
    while above is not None and above.nodeType == Node.ELEMENT_NODE:
        for name, value in above.attributes.items():
            if name.startswith("xmlns") and not copy.hasAttribute(name):
                copy.setAttribute(name, value)
        above = above.parentNode
    return copy
