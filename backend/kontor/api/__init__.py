"""The outside of Kontor: GraphQL for everything, HTTP for what GraphQL cannot carry. Owns no tables and no rules."""
