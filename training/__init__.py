"""From poems to a checkpoint: corpus, vocabulary, language model, trainer, perplexity."""
