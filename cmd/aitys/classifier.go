package main

type classifierCmd struct {
	Stdio classifierStdioCmd `cmd:"" help:"Answer one JSON object a line from standard input, each with one line."`
}

type classifierStdioCmd struct {
	Model string `help:"File of a model: read at the start, written at the end." placeholder:"FILE"`
}

func (c classifierStdioCmd) Run(a *app) error { return runStdio(a.ctx, a.in, a.out, c.Model) }
