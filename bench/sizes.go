package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
)

// sizes measures what has to be carried: the binary, and the widget for reading.
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
		{"S3", "one static stripped binary with everything in it", "", "≤ 34 MB", "≤ 30 MB",
			fmt.Sprintf("%.1f MB", float64(info.Size())/1e6)},
		{"B1", "widget for reading, JS and CSS, gzip -9", "", "≤ 10 KB", "≤ 6 KB",
			fmt.Sprintf("%.1f KB", float64(small.Len())/1e3)},
	}, nil
}
