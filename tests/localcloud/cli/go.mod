// What the Pulumi CLI is built from where the official one can't be had; go.sum pins every source in it.
// The same minor as the Python SDK in pyproject.toml.
module pulumi-cli

go 1.25.11

require github.com/pulumi/pulumi/pkg/v3 v3.259.0
