# checks of the source itself
