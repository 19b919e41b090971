-- Signatures and documents are read in pieces, which is quick only where they are stored uncompressed (signed PDF files
-- hardly get any smaller anyway).

ALTER TABLE sign_results ALTER COLUMN signature SET STORAGE EXTERNAL;
ALTER TABLE sign_contents ALTER COLUMN content SET STORAGE EXTERNAL;
