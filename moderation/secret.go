package moderation

// Secret keys edit tokens, form tokens and the hashes of addresses and writers: 32 random
// bytes or more. It prints as "secret".
type Secret []byte

func (Secret) String() string   { return "secret" }
func (Secret) GoString() string { return "secret" }
