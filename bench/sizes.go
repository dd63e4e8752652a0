package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
)

// sizes measures the size of the binary and of the compressed widget.
func sizes(binary string) ([]row, error) {
	info, err := os.Stat(binary)
	if err != nil {
		return nil, err
	}
	script, err := os.ReadFile("widget/dist/embed.js")
	if err != nil {
		return nil, err
	}
	var small bytes.Buffer
	z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(script); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return []row{
		{"static stripped binary", "", "≤ 34 MB", fmt.Sprintf("%.1f MB", float64(info.Size())/1e6)},
		{"widget script with CSS, gzip -9", "", "≤ 10 KB", fmt.Sprintf("%.1f KB", float64(small.Len())/1e3)},
	}, nil
}
