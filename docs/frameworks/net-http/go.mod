module partner

go 1.19

require handshakes v0.0.0

replace handshakes => ../../verifiers/go
