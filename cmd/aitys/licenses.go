package main

import (
	_ "embed"
	"fmt"
)

// licenses is written by TestLicenses_FileIsCurrent -update. Releases have it as THIRD_PARTY_NOTICES.txt.
//
//go:embed licenses.txt
var licenses string

type licensesCmd struct{}

func (licensesCmd) Run(a *env) error {
	_, err := fmt.Fprint(a.out, licenses)
	return err
}
