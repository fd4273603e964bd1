# filled with the folder
