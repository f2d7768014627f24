/// The tasks with written answers.
extension BuiltInTasks {
    static let written = [
        #"""
        task: gsm8k
        about: Word problems of grade school (Cobbe et al. 2021), test split
        convention: lm_eval 0.4 gsm8k 3.0, shots drawn as it draws them
        data: { file: gsm8k/test.jsonl }
        shots: { count: 5, file: gsm8k/train.jsonl, pick: drawn }
        prompt: "Question: {{question}}\nAnswer:"
        target: "{{answer}}"
        answer: { max_tokens: 256, stop: ["Question:", "</s>", "<|im_end|>"] }
        metrics: [gsm8k_strict, gsm8k_flexible]
        """#,
        #"""
        task: gsm8k_cot
        about: Word problems of grade school, with the eight worked examples of Wei et al. 2022, test split
        convention: lm_eval 0.4 gsm8k_cot 3.0
        data: { file: gsm8k/test.jsonl }
        shots:
          count: 8
          fixed:
            - question: "There are 15 trees in the grove. Grove workers will plant trees in the grove today. After they are done, there will be 21 trees. How many trees did the grove workers plant today?"
              answer: "There are 15 trees originally. Then there were 21 trees after some more were planted. So there must have been 21 - 15 = 6. The answer is 6."
            - question: "If there are 3 cars in the parking lot and 2 more cars arrive, how many cars are in the parking lot?"
              answer: "There are originally 3 cars. 2 more cars arrive. 3 + 2 = 5. The answer is 5."
            - question: "Leah had 32 chocolates and her sister had 42. If they ate 35, how many pieces do they have left in total?"
              answer: "Originally, Leah had 32 chocolates. Her sister had 42. So in total they had 32 + 42 = 74. After eating 35, they had 74 - 35 = 39. The answer is 39."
            - question: "Jason had 20 lollipops. He gave Denny some lollipops. Now Jason has 12 lollipops. How many lollipops did Jason give to Denny?"
              answer: "Jason started with 20 lollipops. Then he had 12 after giving some to Denny. So he gave Denny 20 - 12 = 8. The answer is 8."
            - question: "Shawn has five toys. For Christmas, he got two toys each from his mom and dad. How many toys does he have now?"
              answer: "Shawn started with 5 toys. If he got 2 toys each from his mom and dad, then that is 4 more toys. 5 + 4 = 9. The answer is 9."
            - question: "There were nine computers in the server room. Five more computers were installed each day, from monday to thursday. How many computers are now in the server room?"
              answer: "There were originally 9 computers. For each of 4 days, 5 more computers were added. So 5 * 4 = 20 computers were added. 9 + 20 is 29. The answer is 29."
            - question: "Michael had 58 golf balls. On tuesday, he lost 23 golf balls. On wednesday, he lost 2 more. How many golf balls did he have at the end of wednesday?"
              answer: "Michael started with 58 golf balls. After losing 23 on tuesday, he had 58 - 23 = 35. After losing 2 more, he had 35 - 2 = 33 golf balls. The answer is 33."
            - question: "Olivia has $23. She bought five bagels for $3 each. How much money does she have left?"
              answer: "Olivia had 23 dollars. 5 bagels for 3 dollars each will be 5 x 3 = 15 dollars. So she has 23 - 15 dollars left. 23 - 15 is 8. The answer is 8."
        prompt: "Q: {{question}}\nA:"
        target: "{{answer}}"
        answer: { max_tokens: 256, stop: ["Q:", "</s>", "<|im_end|>"] }
        metrics: [gsm8k_cot_strict, gsm8k_flexible]
        """#,
        #"""
        task: ifeval
        about: Instructions that a program can check (Zhou et al. 2023)
        convention: lm_eval 0.4 ifeval 4.0
        data: { file: ifeval/input_data.jsonl }
        prompt: "{{prompt}}"
        answer: { max_tokens: 1280, chat: true }
        metrics: [ifeval_prompt_strict, ifeval_instruction_strict, ifeval_prompt_loose, ifeval_instruction_loose]
        """#,
        #"""
        task: extraction
        about: Fields out of a text, as a JSON object; rows of text and json
        convention: Lapwing extraction 1
        data: { file: extraction.jsonl }
        prompt: "{{text}}\n\nGive the fields of this text as one JSON object and nothing else: {{fields}}."
        target: "{{json}}"
        answer: { max_tokens: 256, chat: true }
        metrics: [json, json_f1]
        """#,
        #"""
        task: summaries
        about: A text in a few sentences, by ROUGE-L against one that was written; rows of text and summary
        convention: Lapwing summaries 1
        data: { file: summaries.jsonl }
        prompt: "{{text}}\n\nSummarise this text in at most three sentences."
        target: "{{summary}}"
        answer: { max_tokens: 192, chat: true }
        metrics: [rouge_l]
        """#,
        #"""
        task: rag
        about: Answers from given passages; rows of passages, question and answer
        convention: Lapwing rag 1
        data: { file: rag.jsonl }
        prompt: "{{passages}}\n\nAnswer in a few words from the text above. {{question}}"
        target: "{{answer}}"
        answer: { max_tokens: 64, chat: true }
        metrics: [contains, token_f1]
        """#,
    ]
}
