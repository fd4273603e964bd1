# fuzz targets, replayed over their corpora as ordinary tests
