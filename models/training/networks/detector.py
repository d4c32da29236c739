"""Encoder and decoder as one module, built as a run's configuration says."""
from pathlib import Path

import torch
from torch import Tensor, nn

from networks.backbones import decoder_options, open_encoder
from networks.copying import CopyingDecoder, CopyingOptions
from networks.copying_loss import copying_losses
from networks.loss import losses, published_loss
from networks.nanodet import NanoDet
from networks.plain import PlainDecoder
from networks.proposals import Proposals
from sequences.vocabulary import Vocabulary

LOSSES = ('smoothed', 'published')


class Detector(nn.Module):
    """From a batch to its losses.

    encoder: None where batches hold what an encoder has said already; is_frozen: it stays as it is
    loss: one of LOSSES, of a plain decoder; a copying one has its own"""

    def __init__(self, encoder: nn.Module | None, decoder: nn.Module, loss: str, is_frozen: bool):
        super().__init__()
        self.encoder, self.decoder, self.loss, self.is_frozen = encoder, decoder, loss, is_frozen
        if encoder is not None and is_frozen:
            encoder.requires_grad_(False)

    def train(self, mode: bool = True) -> 'Detector':
        super().train(mode)
        if self.encoder is not None and self.is_frozen:
            self.encoder.eval()  # its batch norm learns nothing either
        return self

    def forward(self, batch: dict) -> dict[str, Tensor]:
        """
        :param batch: that of `views.batch_of`; `image` uint8 [B, S, S, 3] or, without an encoder, `proposals`
        :returns: losses, to be summed
        """
        decoder, inputs = self.decoder, batch['inputs']
        if isinstance(decoder, CopyingDecoder):
            # in float32, being small: it subtracts probabilities and copies coordinates
            return copying_losses(decoder, batch, decoder.memory(**self.see(batch), with_splat=False))
        # matrix products in bfloat16 where there is a GPU
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=inputs.is_cuda):
            memory = decoder.memory(**self.see(batch))
            nothing = torch.zeros(len(inputs), 0, decoder.cache_width, device=inputs.device)
            logits, _ = decoder(inputs, nothing, memory)
        if self.loss == 'published':
            return published_loss(logits.float(), batch)
        return losses(logits.float(), batch, decoder.vocabulary)

    def see(self, batch: dict) -> dict:
        """The arguments of the decoder's `memory`."""
        if self.encoder is None:
            return batch['proposals']
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_frozen):
            return self.encoder(batch['image'])


def build(config: dict) -> Detector:
    """The untrained model of a run: `config` is that of `train.py`. NanoDet comes with its weights."""
    vocabulary = Vocabulary(bins=config['bins'], num_classes=len(config['labels']))
    drop = (config['dropout'], config['drop_path'])
    name, weights, size = config['encoder'], config['encoder_weights'], config['image_size']
    if config['decoder'] == 'copying':
        options = CopyingOptions()
        decoder = CopyingDecoder(vocabulary, options)
        encoder = Proposals(NanoDet(Path(weights), size), options.num_boxes) if config['end_to_end'] else None
    else:
        encoder = open_encoder(name, config['model_size'], size, weights, *drop)
        max_tokens = 5 * config['max_objects'] + 1
        options = decoder_options(name, config['model_size'], encoder.channels, max_tokens, *drop)
        decoder = PlainDecoder(vocabulary, options)
    return Detector(encoder, decoder, config['loss'], config['freeze'])
