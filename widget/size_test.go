package widget_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/aitys/aitys/widget"
)

// B1: the size of embed.js, including its style sheet, with gzip -9.
func TestFiles_EmbedIsSmall(t *testing.T) {
	t.Parallel()
	const must, aim = 8 << 10, 6 << 10
	for _, f := range widget.Files() {
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%-17s %6d bytes, %5d gzipped", f.Path, len(f.Body), packed.Len())
		if f.Path == "/embed.js" && packed.Len() > must {
			t.Errorf("%s has %d bytes gzipped, at most %d are allowed and %d aimed at", f.Path, packed.Len(), must, aim)
		}
	}
}
