// Command stdio runs the classifier alone, without a site, an audit log or a database. It reads requests from standard
// input, one JSON object per line, and answers each with one line. Its model is the fold of the lessons it was taught.
// -model names a file that it reads at the start and writes at the end.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	model := flag.String("model", "", "`file` of a model: read at the start, written at the end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdin, os.Stdout, *model); err != nil {
		fmt.Fprintln(os.Stderr, "stdio:", err)
		os.Exit(1)
	}
}
