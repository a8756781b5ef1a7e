module bundleverify

go 1.19
