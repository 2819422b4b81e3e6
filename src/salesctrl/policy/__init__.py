"""What a policy set is: its documents, the reader that keeps the line of every node, types and literals."""
