# Prints, for each grey picture (PGM) named, a JSON list of the texts of its QR codes.
import json
import sys

import zxingcpp

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        header, size, depth, pixels = file.read().split(b"\n", 3)
    width, height = (int(number) for number in size.split())
    picture = memoryview(pixels).cast("B", (height, width))
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    print(json.dumps([code.text for code in found]))
