"""Makes a SentencePiece model that is as small as the vocabulary of `multi-task-small`, and writes down what it reads.

    python text.py --out DIR

`DIR` gets `text.model`, whose first pieces are those of the official one (padding, end, unknown), and `text.json`:
the pieces, and what some tokens mean."""
import argparse
import json
from pathlib import Path

import sentencepiece

PIECES = 32
LEARNT = '''a dog and a cat sit on the grass
a man and a dog stand on the street
the cat sits in a red car
a red cat and a dog in the street'''
READ = ['a dog sits in the grass', 'the cat and a dog on a red street', 'red']
MARKS = {'pad_id': 0, 'eos_id': 1, 'unk_id': 2, 'bos_id': -1}


def learn(file: Path) -> sentencepiece.SentencePieceProcessor:
    with file.open('wb') as writer:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(LEARNT.splitlines()), model_writer=writer, model_type='bpe', vocab_size=PIECES,
            normalization_rule_name='identity', minloglevel=1, **MARKS)
    return sentencepiece.SentencePieceProcessor(model_file=str(file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, required=True)
    options = parser.parse_args()
    text = learn(options.out / 'text.model')
    read = [text.encode(sentence) for sentence in READ]
    read.append([MARKS['pad_id'], *read[0], MARKS['eos_id'], *read[1]])  # marks are no text
    golden = {
        'pieces': [text.id_to_piece(index) for index in range(PIECES)],
        'read': [{'tokens': tokens, 'text': text.decode(tokens)} for tokens in read],
    }
    (options.out / 'text.json').write_text(json.dumps(golden, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    main()
